const { bootstrap } = require('@vendure/core');
const { shop } = require('./config');

bootstrap(shop(false));

const { bootstrapWorker } = require('@vendure/core');
const { shop } = require('./config');

bootstrapWorker(shop(false)).then((worker) => worker.startJobQueue());

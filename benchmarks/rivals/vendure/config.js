// The shop both processes and the seed share. Database, port and password come from the environment.
const {
  DefaultJobQueuePlugin,
  DefaultSchedulerPlugin,
  DefaultSearchPlugin,
  dummyPaymentHandler,
} = require('@vendure/core');

const database = new URL(process.env.RIVAL_DATABASE);

/** @param {boolean} synchronize whether the tables are made: by the seed alone */
exports.shop = (synchronize) => ({
  apiOptions: {
    hostname: '127.0.0.1',
    port: Number(process.env.RIVAL_PORT),
    adminApiPath: 'admin-api',
    shopApiPath: 'shop-api',
  },
  authOptions: {
    tokenMethod: 'bearer',
    superadminCredentials: { identifier: 'measured', password: process.env.RIVAL_PASSWORD },
    cookieOptions: { secret: process.env.RIVAL_PASSWORD },
  },
  dbConnectionOptions: {
    type: 'postgres',
    host: database.hostname,
    port: Number(database.port),
    username: database.username,
    password: decodeURIComponent(database.password),
    database: database.pathname.slice(1),
    synchronize,
    logging: false,
  },
  paymentOptions: { paymentMethodHandlers: [dummyPaymentHandler] },
  plugins: [
    DefaultSchedulerPlugin.init(),
    DefaultJobQueuePlugin.init({ useDatabaseForBuffer: true }),
    DefaultSearchPlugin.init({ bufferUpdates: false }),
  ],
});

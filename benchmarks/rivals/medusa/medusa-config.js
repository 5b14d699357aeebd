// Database and password come from the environment.
const { defineConfig } = require('@medusajs/framework/utils')

module.exports = defineConfig({
  admin: { disable: true },
  projectConfig: {
    databaseUrl: process.env.RIVAL_DATABASE,
    databaseDriverOptions: { ssl: false },
    http: {
      storeCors: 'http://127.0.0.1',
      adminCors: 'http://127.0.0.1',
      authCors: 'http://127.0.0.1',
      jwtSecret: process.env.RIVAL_PASSWORD,
      cookieSecret: process.env.RIVAL_PASSWORD,
    },
  },
})

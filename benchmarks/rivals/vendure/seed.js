// 500 products at two stock locations; prints what the load script has to know, as one JSON line.
const { writeFileSync } = require('node:fs');
const { tmpdir } = require('node:os');
const { join } = require('node:path');
const {
  bootstrap,
  ProductVariantService,
  RequestContextService,
  ShippingMethodService,
  StockLocationService,
} = require('@vendure/core');
const { populate } = require('@vendure/core/cli');
const { shop } = require('./config');

const PRODUCTS = 500;
const PLENTY = 1_000_000;
const COLUMNS = [
  'name', 'slug', 'description', 'assets', 'facets', 'optionGroups', 'optionValues', 'sku',
  'price', 'taxCategory', 'stockOnHand', 'trackInventory', 'variantAssets', 'variantFacets',
];
const WORLD = {
  defaultLanguage: 'en',
  defaultZone: 'Europe',
  taxRates: [{ name: 'Standard', percentage: 20 }],
  shippingMethods: [{ name: 'Standard', price: 355 }],
  paymentMethods: [
    {
      name: 'Card',
      handler: {
        code: 'dummy-payment-handler',
        arguments: [{ name: 'automaticSettle', value: 'true' }],
      },
    },
  ],
  countries: [{ name: 'United Kingdom', code: 'GB', zone: 'Europe' }],
  collections: [],
};

const sku = (number) => `sku-${String(number).padStart(5, '0')}`;
const isScarce = (number) => number === PRODUCTS - 1;

function products() {
  const rows = Array.from({ length: PRODUCTS }, (_, number) =>
    [
      `Product ${number}`, sku(number), 'Made up', '', '', '', '', sku(number),
      '19.99', 'standard', isScarce(number) ? 1 : PLENTY, 'true', '', '',
    ].join(','),
  );
  return [COLUMNS.join(','), ...rows].join('\n');
}

async function seed() {
  const file = join(tmpdir(), `rival-vendure-${process.pid}.csv`);
  writeFileSync(file, products());
  const app = await populate(() => bootstrap(shop(true)), WORLD, file);
  const ctx = await app.get(RequestContextService).create({ apiType: 'admin' });
  const second = await app.get(StockLocationService).create(ctx, { name: 'Second' });
  const variants = app.get(ProductVariantService);
  const { items } = await variants.findAll(ctx, { take: PRODUCTS });
  const plenty = items.filter((one) => one.sku !== sku(PRODUCTS - 1));
  await variants.update(
    ctx,
    plenty.map(({ id }) => ({
      id,
      stockLevels: [{ stockLocationId: second.id, stockOnHand: PLENTY }],
    })),
  );
  const methods = await app.get(ShippingMethodService).findAll(ctx);
  const product = (name) => items.find((one) => one.sku === name);
  console.log(
    JSON.stringify({
      hot: String(product(sku(0)).id),
      scarce: String(product(sku(PRODUCTS - 1)).id),
      method: String(methods.items[0].id),
      products: items.length,
    }),
  );
  await app.close();
  process.exit(0);
}

seed();

// 500 products at two stock locations; prints what the load script has to know, as one JSON line.
const { ContainerRegistrationKeys, Modules } = require('@medusajs/framework/utils')
const {
  createApiKeysWorkflow,
  createInventoryLevelsWorkflow,
  createProductsWorkflow,
  createRegionsWorkflow,
  createSalesChannelsWorkflow,
  createShippingOptionsWorkflow,
  createShippingProfilesWorkflow,
  createStockLocationsWorkflow,
  createTaxRegionsWorkflow,
  linkSalesChannelsToApiKeyWorkflow,
  linkSalesChannelsToStockLocationWorkflow,
} = require('@medusajs/medusa/core-flows')

const PRODUCTS = 500
const PLENTY = 1_000_000
const PART = 100 // products a workflow
const PLACES = ['First', 'Second']
const CARRIER = 'manual_manual'

const sku = (number) => `sku-${String(number).padStart(5, '0')}`
const SCARCE = sku(PRODUCTS - 1)

exports.default = async function seed({ container }) {
  const link = container.resolve(ContainerRegistrationKeys.LINK)
  const query = container.resolve(ContainerRegistrationKeys.QUERY)
  const carriage = container.resolve(Modules.FULFILLMENT)
  const run = async (workflow, input) =>
    (await workflow(container).run({ input })).result

  const [channel] = await run(createSalesChannelsWorkflow, { salesChannelsData: [{ name: 'Web' }] })
  const [region] = await run(createRegionsWorkflow, {
    regions: [
      {
        name: 'Britain',
        currency_code: 'gbp',
        countries: ['gb'],
        payment_providers: ['pp_system_default'],
      },
    ],
  })
  await run(createTaxRegionsWorkflow, [{ country_code: 'gb', provider_id: 'tp_system' }])
  const places = await run(createStockLocationsWorkflow, {
    locations: PLACES.map((name) => ({
      name,
      address: { city: 'Manchester', country_code: 'GB', address_1: '1 High Street' },
    })),
  })
  const [profile] = await run(createShippingProfilesWorkflow, {
    data: [{ name: 'Everything', type: 'default' }],
  })

  const options = []
  for (const place of places) {
    const set = await carriage.createFulfillmentSets({
      name: `From ${place.name}`,
      type: 'shipping',
      service_zones: [
        { name: `Britain from ${place.name}`, geo_zones: [{ country_code: 'gb', type: 'country' }] },
      ],
    })
    const at = { [Modules.STOCK_LOCATION]: { stock_location_id: place.id } }
    await link.create({ ...at, [Modules.FULFILLMENT]: { fulfillment_provider_id: CARRIER } })
    await link.create({ ...at, [Modules.FULFILLMENT]: { fulfillment_set_id: set.id } })
    options.push(
      ...(await run(createShippingOptionsWorkflow, [
        {
          name: 'Standard',
          price_type: 'flat',
          provider_id: CARRIER,
          service_zone_id: set.service_zones[0].id,
          shipping_profile_id: profile.id,
          type: { label: 'Standard', description: 'In three days', code: 'standard' },
          prices: [{ currency_code: 'gbp', amount: 3.55 }],
        },
      ])),
    )
    await run(linkSalesChannelsToStockLocationWorkflow, { id: place.id, add: [channel.id] })
  }

  const [key] = await run(createApiKeysWorkflow, {
    api_keys: [{ title: 'Web', type: 'publishable', created_by: '' }],
  })
  await run(linkSalesChannelsToApiKeyWorkflow, { id: key.id, add: [channel.id] })

  const products = []
  for (let first = 0; first < PRODUCTS; first += PART) {
    const numbers = Array.from({ length: PART }, (_, n) => first + n)
    products.push(
      ...(await run(createProductsWorkflow, {
        products: numbers.map((number) => ({
          title: `Product ${number}`,
          handle: sku(number),
          status: 'published',
          shipping_profile_id: profile.id,
          sales_channels: [{ id: channel.id }],
          options: [{ title: 'Size', values: ['One'] }],
          variants: [
            {
              title: 'One',
              sku: sku(number),
              manage_inventory: true,
              options: { Size: 'One' },
              prices: [{ currency_code: 'gbp', amount: 19.99 }],
            },
          ],
        })),
      })),
    )
  }

  const { data: items } = await query.graph({
    entity: 'inventory_item',
    fields: ['id', 'sku'],
    pagination: { take: PRODUCTS, skip: 0 },
  })
  for (const [number, place] of places.entries()) {
    const standing = items.filter((item) => item.sku !== SCARCE || number === 0)
    await run(createInventoryLevelsWorkflow, {
      inventory_levels: standing.map((item) => ({
        inventory_item_id: item.id,
        location_id: place.id,
        stocked_quantity: item.sku === SCARCE ? 1 : PLENTY,
      })),
    })
  }

  const wanted = (name) => {
    const product = products.find((one) => one.handle === name)
    return { product: product.id, variant: product.variants[0].id }
  }
  const known = { hot: wanted(sku(0)), scarce: wanted(SCARCE) }
  console.log(
    JSON.stringify({
      key: key.token,
      region: region.id,
      method: options[0].id,
      hot: `${known.hot.product} ${known.hot.variant}`,
      scarce: `${known.scarce.product} ${known.scarce.variant}`,
      products: items.length,
    }),
  )
}

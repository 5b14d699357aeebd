"""The retailer's brands and channels, all invented. Pure."""

from types import MappingProxyType

from oneshelf.base.identifiers import BrandId, ChannelId
from oneshelf.catalog.channels import Channel

LARKSPUR, TINDERBOX = BrandId("larkspur"), BrandId("tinderbox")
BRAND_NAMES = MappingProxyType({LARKSPUR: "Larkspur", TINDERBOX: "Tinderbox"})
WEB, APP, MARKETPLACE, CALL_CENTRE, TILL = (
    ChannelId(name) for name in ("web", "app", "marketplace", "call_centre", "till")
)
CURRENCY = "GBP"
CHANNELS = (
    Channel(WEB, "Web shop", "web", LARKSPUR, "ask", CURRENCY, grace_minutes=30),
    Channel(APP, "App", "app", LARKSPUR, "ask", CURRENCY, grace_minutes=30),
    Channel(MARKETPLACE, "Marketplace", "marketplace", LARKSPUR, "sold", CURRENCY, grace_minutes=0),
    Channel(CALL_CENTRE, "Call centre", "call_centre", LARKSPUR, "ask", CURRENCY, grace_minutes=30),
    Channel(TILL, "Tills", "till", LARKSPUR, "sold", CURRENCY, grace_minutes=0),
)
REMOTE_WEIGHTS = MappingProxyType({WEB: 50, APP: 25, MARKETPLACE: 17, CALL_CENTRE: 8})

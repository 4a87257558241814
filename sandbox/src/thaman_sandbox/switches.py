"""One switch for every behaviour of Salla that is not known for sure. Defaults follow the documentation.

The table in ``sandbox/README.md`` is checked against this model by a test.
"""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Switches(BaseModel):
    """All switches. ``PUT /_sandbox/switches`` changes those it names."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    # OAuth
    refresh_reuse_status: Literal[400, 401] = Field(401, description="Status when a used refresh token is sent again.")
    old_access_revoked_on_refresh: bool = Field(True, description="A refresh revokes the access token before it.")
    token_expiry_field: Literal["expires_in", "expires", "both", "timestamp"] = Field(
        "expires_in", description="How the token endpoint names the lifetime; `timestamp` puts Unix time in `expires`."
    )
    user_info_envelope: bool = Field(True, description="User info comes in `{status,success,data}`.")
    user_info_store_alias: bool = Field(False, description="User info also has the old `store` key.")
    strip_state_hyphens: bool = Field(True, description="Hyphens are taken out of `state` on the way back.")
    minimum_state_length: int = Field(8, ge=0, description="A shorter `state` gives `invalid_state`.")
    code_lifetime_seconds: int = Field(900, ge=1, description="Life of an authorisation code.")
    code_reuse_revokes: bool = Field(True, description="Using a code twice revokes the tokens it gave.")
    access_token_seconds: int = Field(1_209_600, ge=1, description="Life of an access token (14 days).")
    refresh_token_seconds: int = Field(2_592_000, ge=0, description="Life of a refresh token (30 days); 0 = for ever.")
    accept_basic_auth: bool = Field(True, description="The token endpoint accepts client id and secret as HTTP Basic.")
    verify_pkce: bool = Field(True, description="A code asked for with `code_challenge` needs its verifier.")
    require_pkce: bool = Field(False, description="Authorise requests without `code_challenge` are refused.")
    # Conventions
    per_page_over_limit: Literal["clamp", "refuse"] = Field("clamp", description="`per_page` over 60: clamp or 422.")
    default_per_page: int = Field(15, ge=1, le=60, description="Page size if none is asked for.")
    empty_links: Literal["object", "array"] = Field("object", description="Empty pagination links as `{}` or `[]`.")
    not_found_form: Literal["code", "arabic"] = Field("code", description="Which of the two 404 bodies is sent.")
    type_variance: bool = Field(True, description="Field types vary between products as in the documented samples.")
    rate_limits: bool = Field(True, description="Requests per minute by plan are enforced, headers are sent.")
    basic_plan_per_minute: int = Field(60, ge=1, description="Requests per minute of the Basic plan.")
    # Prices
    sale_at_or_above_base_accepted: bool = Field(True, description="A sale price not below the base price is stored.")
    zero_price_accepted: bool = Field(True, description="A price of 0 is stored.")
    product_price_touches_variants: bool = Field(False, description="A product's new price is given to its variants.")
    variant_regular_price_zero: bool = Field(True, description="A variant without a sale shows `regular_price` 0.")
    variant_sku_resolves: bool = Field(False, description="`/products/sku/{sku}` also finds a variant's SKU.")
    bulk_delay_ms: int = Field(300, ge=0, description="How long a queued bulk price change waits.")
    bulk_delay_clock: Literal["real", "virtual"] = Field("real", description="Which clock that delay follows.")
    bulk_lose_every: int = Field(0, ge=0, description="Every n-th bulk item is lost; 0 = none.")
    bulk_maximum_items: int = Field(0, ge=0, description="More bulk items than this give 422; 0 = no limit.")
    order_items_product_id: bool = Field(False, description="`/orders/items` carries `product.id`.")
    # Webhooks
    echo_webhooks: bool = Field(True, description="The app's own writes fire webhooks, too.")
    variant_price_webhooks: bool = Field(False, description="A variant's price change fires `product.price.updated`.")
    deprecated_product_updated: bool = Field(False, description="`product.updated` is still sent for every change.")
    refuse_localhost_webhooks: bool = Field(
        False, description="A webhook address on localhost gives 422, as in reality."
    )
    webhook_any_2xx: bool = Field(False, description="Any 2xx counts as delivered, not only 200 and 201.")
    webhook_timeout_seconds: int = Field(30, ge=1, description="Real seconds to wait for a webhook's answer.")
    webhook_retries: int = Field(3, ge=0, description="Further attempts after a failed delivery.")
    webhook_retry_seconds: int = Field(300, ge=0, description="Virtual seconds between attempts.")
    webhook_content_type: str = Field("application/json", description="Content type of a delivery.")

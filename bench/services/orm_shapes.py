"""The pydantic models of the FastAPI + SQLAlchemy service: what comes in, what goes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import AnyUrl, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Identity = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._~!$&'()*+,;=:@-]{1,128}$")]


class Shape(BaseModel):
    """Names are camelCase outside and snake_case inside, `@type` and its like without `@`."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        validate_by_name=True,
        validate_by_alias=True,
        from_attributes=True,
    )

    type: str | None = Field(None, alias="@type")
    base_type: str | None = Field(None, alias="@baseType")
    schema_location: str | None = Field(None, alias="@schemaLocation")


class TimePeriod(BaseModel):
    model_config = Shape.model_config

    start_date_time: datetime | None = None
    end_date_time: datetime | None = None


class Ref(Shape):
    id: str
    href: str | None = None
    name: str | None = None
    version: str | None = None
    referred_type: str | None = Field(None, alias="@referredType")


class Money(BaseModel):
    unit: str | None = None
    value: float | None = None


class Quantity(BaseModel):
    amount: float | None = None
    units: str | None = None


class Duration(BaseModel):
    amount: int | None = None
    units: str | None = None


class PriceValue(Shape):
    percentage: float | None = None
    tax_category: str | None = None
    tax_rate: float | None = None
    duty_free_amount: Money | None = None
    tax_included_amount: Money | None = None


class OfferingPrice(Shape):
    id: str | None = None
    href: str | None = None
    name: str | None = None
    referred_type: str | None = Field(None, alias="@referredType")
    description: str | None = None
    price_type: str | None = None
    recurring_charge_period: str | None = None
    recurring_charge_period_length: int | None = None
    price: PriceValue | None = None
    unit_of_measure: Quantity | None = None
    valid_for: TimePeriod | None = None


class Term(Shape):
    name: str | None = None
    description: str | None = None
    duration: Duration | None = None
    valid_for: TimePeriod | None = None


class CharacteristicValue(Shape):
    is_default: bool | None = None
    range_interval: str | None = None
    regex: str | None = None
    unit_of_measure: str | None = None
    value: Any = None
    value_from: int | None = None
    value_to: int | None = None
    value_type: str | None = None


class CharacteristicUse(Shape):
    id: str | None = None
    name: str | None = None
    description: str | None = None
    value_type: str | None = None
    min_cardinality: int | None = None
    max_cardinality: int | None = None
    product_spec_characteristic_value: list[CharacteristicValue] | None = None
    product_specification: Ref | None = None
    valid_for: TimePeriod | None = None


class Attachment(Shape):
    id: str | None = None
    name: str | None = None
    description: str | None = None
    attachment_type: str | None = None
    content: str | None = None
    mime_type: str | None = None
    url: AnyUrl | None = None
    size: Quantity | None = None


class BundledOffering(Shape):
    id: str | None = None
    name: str | None = None
    lifecycle_status: str | None = None


class Relationship(Shape):
    id: str | None = None
    name: str | None = None
    relationship_type: str | None = None
    role: str | None = None
    valid_for: TimePeriod | None = None


class OfferingAttributes(Shape):
    """All that a client may set besides the name."""

    description: str | None = None
    status_reason: str | None = None
    version: str | None = None
    is_bundle: bool | None = None
    is_sellable: bool | None = None
    valid_for: TimePeriod | None = None
    attachment: list[Attachment] | None = None
    bundled_product_offering: list[BundledOffering] | None = None
    category: list[Ref] | None = None
    channel: list[Ref] | None = None
    market_segment: list[Ref] | None = None
    place: list[Ref] | None = None
    prod_spec_char_value_use: list[CharacteristicUse] | None = None
    product_offering_price: list[OfferingPrice] | None = None
    product_offering_relationship: list[Relationship] | None = None
    product_offering_term: list[Term] | None = None
    product_specification: Ref | None = None
    service_level_agreement: Ref | None = None


class OfferingCreate(OfferingAttributes):
    id: Identity | None = None
    name: str
    lifecycle_status: str = "In study"
    type: str = Field("ProductOffering", alias="@type")


class Offering(OfferingAttributes):
    id: str
    href: str
    name: str
    lifecycle_status: str
    last_update: datetime


class ListQuery(BaseModel):
    """The query parameters of a list: criteria, place of the page, attributes."""

    model_config = ConfigDict(alias_generator=to_camel)

    name: str | None = None
    lifecycle_status: str | None = None
    version: str | None = None
    is_bundle: bool | None = None
    is_sellable: bool | None = None
    category_id: str | None = Field(None, alias="category.id")
    channel_id: str | None = Field(None, alias="channel.id")
    market_segment_id: str | None = Field(None, alias="marketSegment.id")
    place_id: str | None = Field(None, alias="place.id")
    product_specification_id: str | None = Field(None, alias="productSpecification.id")
    fields: str | None = None
    offset: int = Field(0, ge=0)
    limit: int = Field(100, ge=0, le=1000)

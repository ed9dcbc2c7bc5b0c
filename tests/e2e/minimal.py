"""The least that each resource takes."""

from __future__ import annotations

from typing import Any

OWNER = [{"id": "6838", "@referredType": "Organization", "name": "Harbour Trading"}]

ALARM = {
    "alarmRaisedTime": "2031-05-04T03:32:17.235Z",
    "alarmType": "environmentalAlarm",
    "alarmedObject": {},
    "perceivedSeverity": "minor",
    "probableCause": "rectifierLowVoltage",
    "sourceSystemId": "ems-1",
    "state": "raised",
}

_NAMED = {"name": "First"}
_PAID: dict[str, Any] = {
    "account": {"id": "A0815"},
    "paymentMethod": {"name": "Cash", "@type": "Cash"},
    "totalAmount": {"unit": "EUR", "value": 12},
}
_CATALOGUE = "/tmf-api/productCatalogManagement/v4"

CREATED: dict[str, dict[str, Any]] = {
    "TMF620/catalog": _NAMED,
    "TMF620/category": _NAMED,
    "TMF620/productSpecification": _NAMED,
    "TMF620/productOffering": _NAMED,
    "TMF620/productOfferingPrice": {**_NAMED, "priceType": "recurring"},
    "TMF620/importJob": {"url": _CATALOGUE},
    "TMF620/exportJob": {"url": _CATALOGUE},
    "TMF622/productOrder": {"productOrderItem": [{"id": "100", "action": "add"}]},
    "TMF622/cancelProductOrder": {"productOrder": {"id": "4711"}},
    "TMF629/customer": {
        **_NAMED,
        "engagedParty": {"id": "500", "@referredType": "Organization"},
    },
    "TMF635/usage": {"usageType": "voice"},
    "TMF635/usageSpecification": _NAMED,
    "TMF637/product": {"status": "created"},
    "TMF638/service": {"state": "inactive", "serviceSpecification": {"id": "4711"}},
    "TMF642/alarm": ALARM,
    "TMF642/ackAlarms": {"ackSystemId": "noc", "ackUserId": "eve", "alarmPattern": [{}]},
    "TMF642/unAckAlarms": {"ackSystemId": "noc", "ackUserId": "eve", "alarmPattern": [{}]},
    "TMF642/clearAlarms": {
        "clearSystemId": "noc",
        "clearUserId": "eve",
        "alarmClearedTime": "2031-05-04T04:00:00Z",
        "alarmPattern": [{}],
    },
    "TMF642/commentAlarms": {"comment": {"comment": "Engineer on site"}, "alarmPattern": [{}]},
    "TMF642/groupAlarms": {
        "alarmChangedTime": "2031-05-04T04:00:00Z",
        "sourceSystemId": "noc",
        "correlatedAlarm": [{"id": "2"}],
        "parentAlarm": {"id": "1"},
    },
    "TMF642/unGroupAlarms": {
        "alarmChangedTime": "2031-05-04T04:00:00Z",
        "sourceSystemId": "noc",
        "correlatedAlarm": [{"id": "2"}],
        "parentAlarm": {"id": "1"},
    },
    "TMF666/partyAccount": {**_NAMED, "relatedParty": OWNER},
    "TMF666/billingAccount": {**_NAMED, "relatedParty": OWNER},
    "TMF666/settlementAccount": {**_NAMED, "relatedParty": OWNER},
    "TMF666/financialAccount": _NAMED,
    "TMF666/billingCycleSpecification": _NAMED,
    "TMF666/billFormat": _NAMED,
    "TMF666/billPresentationMedia": _NAMED,
    "TMF676/payment": _PAID,
    "TMF676/refund": _PAID,
    "TMF676/authorizePayment": {"authorizedPayment": _PAID},
    "TMF676/initiatePayment": {"initiatedPayment": _PAID},
    "TMF678/customerBillOnDemand": {"billingAccount": {"id": "A0815"}},
}
"""By place: resources that clients create."""

LOADED: dict[str, dict[str, Any]] = {
    "TMF678/customerBill": {"state": "new", "billingAccount": {"id": "A0815"}},
    "TMF678/appliedCustomerBillingRate": {"isBilled": False},
    "TMF642/serviceImpact": {"state": "active", "alarm": {"id": "1"}, "service": {"id": "2"}},
}
"""By place: resources that come by `tmf load`, where an id is needed as well."""

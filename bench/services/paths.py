"""Where every service has its offerings."""

COLLECTION = "/tmf-api/productCatalogManagement/v4/productOffering"

"""TM Forum Open APIs served straight from their OpenAPI files."""

import warnings

__version__ = "0.1.0"

# Connexion imports Starlette's test client, which warns about its HTTP library: not ours to mend.
warnings.filterwarnings("ignore", message="Using `httpx` with `starlette.testclient`")

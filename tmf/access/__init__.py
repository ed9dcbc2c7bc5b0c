"""Who is calling: access keys, the roles they give, and what each caller may see and change."""

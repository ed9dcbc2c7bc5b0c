"""REST: Connexion's routing by specification, the verbs, headers and error answers."""

"""The bus over RabbitMQ: a publisher from the outbox, and consumers into the inbox."""

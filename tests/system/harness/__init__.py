"""What the system tests are written with. Waybill is known by its binary, by SQL and by AMQP alone."""

"""Where it is kept: the database, its migrations, and the queries the program asks."""

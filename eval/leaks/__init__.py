"""Finding planted marks in whatever left a room, also when somebody took pains to hide them."""

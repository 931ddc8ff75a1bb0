"""Playing the whole corpus against real rooms, in every arm, and writing down what happened."""

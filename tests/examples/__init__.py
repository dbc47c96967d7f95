"""Short programs that use Teleop from Python; the test suite runs each of them."""

"""Other shops under the simplest attacks. Run by hand: `oneshelf torture --at URL`."""

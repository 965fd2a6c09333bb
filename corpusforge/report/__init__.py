"""One page that shows what a build did with its documents."""

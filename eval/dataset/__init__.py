"""A made-up data set with planted canaries: viewings, chats, sales and appointments of people who do not exist."""

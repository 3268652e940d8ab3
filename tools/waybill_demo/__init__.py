"""The demonstration: real orders through real services, with parts of them killed meanwhile, and the books at the end."""

"""What a consultation is made of (`content`) and what must be true of it (`checks`)."""

"""Records a consultation (`recording`); corrects and voids one (`changing`)."""

// Says at once that scripts run, so that the page is drawn in its quick form from the start.
document.documentElement.classList.add("js");

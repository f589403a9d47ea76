// What the page would leave in the background; it does nothing.
addEventListener("fetch", function () {});

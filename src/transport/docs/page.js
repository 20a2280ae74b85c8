const dark = matchMedia("(prefers-color-scheme: dark)");

function applyTheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

dark.addEventListener("change", applyTheme);
applyTheme();

SwaggerUIBundle({
  domNode: document.getElementById("reference"),
  url: "openapi.json",
  // The Server-Key stays in the memory of the page.
  persistAuthorization: false,
  // No document is sent to a validator elsewhere.
  validatorUrl: null,
  deepLinking: true,
  displayRequestDuration: true,
  defaultModelsExpandDepth: 0,
});

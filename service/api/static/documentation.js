// Starts the interactive documentation. The addresses are relative, so that it also works below a path of a proxy.
"use strict";

window.addEventListener("DOMContentLoaded", () => {
  window.SwaggerUIBundle({
    url: "openapi.json",
    dom_id: "#documentation",
    presets: [window.SwaggerUIBundle.presets.apis],
    layout: "BaseLayout",
    deepLinking: true,
    docExpansion: "none",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    tryItOutEnabled: true,
    // Otherwise the document would be sent to a service on the internet, which says whether it is valid.
    validatorUrl: null,
  });
});

/** Types for what the benchmark uses of packages that come without types. */

declare module 'express-session' {
  export default function session(
    options: object,
  ): (
    request: import('node:http').IncomingMessage,
    response: import('node:http').ServerResponse,
    next: () => void,
  ) => void
}

declare module 'cookie-session' {
  export default function session(options: object): import('./http.ts').SessionMiddleware
}

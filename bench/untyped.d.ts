/** The parts that are used of packages that come without types. */

declare module 'express-session' {
  export default function session(options: object): import('./http.ts').SessionMiddleware
}

declare module 'cookie-session' {
  export default function session(options: object): import('./http.ts').SessionMiddleware
}

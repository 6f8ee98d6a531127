/**
 * The icon of the pages.
 *
 * @module
 */

export const icon = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="8" fill="#1f2b33"/><path d="M7 20.500c2.200-6.600 5.200-10 9-10s6.800 3.400 9 10" fill="none" stroke="#d7dee2" stroke-width="3" stroke-linecap="round"/><circle cx="12.300" cy="19.500" r="1.700" fill="#5bc8af"/><circle cx="19.700" cy="19.500" r="1.700" fill="#5bc8af"/></svg>`

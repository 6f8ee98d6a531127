/**
 * All checks, in the order of the report.
 *
 * @module
 */

import { attributes } from './attributes.ts'
import { caching } from './caching.ts'
import type { Check } from './check.ts'
import { content } from './content.ts'
import { crossSite } from './cross-site.ts'
import { hostileCookies } from './hostile-cookies.ts'
import { ids } from './ids.ts'
import { lifetime } from './lifetime.ts'
import { login, logout } from './login.ts'
import { names } from './names.ts'
import { proxy } from './proxy.ts'
import { size } from './size.ts'
import { writes } from './writes.ts'

export const checks: readonly Check[] = [
  login,
  logout,
  hostileCookies,
  content,
  ids,
  attributes,
  lifetime,
  names,
  size,
  caching,
  writes,
  proxy,
  crossSite,
]

/** Guards of routes, made with the functions of an adapter. */

import type { SessionSource } from 'silverback'
import type { CsrfProtectionOptions, LoginOptions } from 'silverback/express'
import type { RouteGuard, TestApp } from 'silverback/testing/adapters'

/** The functions that each adapter exports. */
export interface GuardFunctions<Guard> {
  requireLogin(source: SessionSource<object>, options: LoginOptions): Guard
  requireFreshLogin(source: SessionSource<object>, seconds: number, options: LoginOptions): Guard
  csrfProtection(options: CsrfProtectionOptions): Guard
}

/** Makes the guards of an app, by path. */
export function guardsOf<Guard>(
  { sources, guards = {} }: TestApp,
  functions: GuardFunctions<Guard>,
): ReadonlyMap<string, Guard> {
  const source = sources as SessionSource<object>
  const make = (guard: RouteGuard): Guard => {
    switch (guard.use) {
      case 'requireLogin':
        return functions.requireLogin(source, guard.options)
      case 'requireFreshLogin':
        return functions.requireFreshLogin(source, guard.seconds, guard.options)
      case 'csrfProtection':
        return functions.csrfProtection(guard.options)
    }
  }
  return new Map(Object.entries(guards).map(([path, guard]) => [path, make(guard)]))
}

/** The status with which an error handler of an app responds to an error. */
export function statusOf(error: unknown): number {
  const { status = 500 } = Object(error) as { status?: unknown }
  return typeof status === 'number' && status >= 400 ? status : 500
}

import type { Evidence, Setting } from '../evidence.ts'
import { type Check, findingOf } from './check.ts'

/** Sessions that are begun or saved without a reason. */
export const writes: Check = {
  name: 'writes',
  codes: ['session-for-everyone', 'set-on-every-request'],
  run: evidence => [
    ...missingPages(evidence)
      .filter(({ exchange }) => exchange.step === 'missing page')
      .map(setting => findingOf('session-for-everyone', setting)),
    ...missingPages(evidence)
      .filter(isSetAgain)
      .map(setting => findingOf('set-on-every-request', setting)),
  ],
}

/** A page that exists may begin a session on purpose. A path that does not exist shows what the middleware does. */
function missingPages({ settings }: Evidence): Setting[] {
  return settings.filter(
    ({ exchange }) => exchange.step.startsWith('missing page') && exchange.response.status >= 400,
  )
}

function isSetAgain({ cookie, exchange }: Setting): boolean {
  return (
    exchange.step === 'missing page again' && exchange.sent.some(([name]) => name === cookie.name)
  )
}

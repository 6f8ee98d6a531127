import { isLoopback } from '../../../http/secure.ts'
import type { Evidence } from '../evidence.ts'
import { baseName } from '../evidence.ts'
import { type Exchange, ofStep } from '../exchange.ts'
import { forgedHost } from '../forged-host.ts'
import type { Check, Finding } from './check.ts'

/** What the app makes of the headers of proxies. */
export const proxy: Check = {
  name: 'proxy',
  codes: ['forwarded-proto-trusted', 'forwarded-host-trusted', 'not-secure-behind-proxy'],
  run: evidence => [...proto(evidence), ...host(evidence)],
}

/** Compares what a visitor is given over HTTP with and without `X-Forwarded-Proto: https`. */
function proto(evidence: Evidence): Finding[] {
  const { exchanges, sessions } = evidence
  const plain = ofStep(exchanges, 'other visitor')
  const forwarded = ofStep(exchanges, 'forwarded proto')
  return sessions.flatMap(({ name }): Finding[] => {
    const before = securityOf(plain, name)
    const after = securityOf(forwarded, name)
    if (after === undefined) return []
    const isLocal = forwarded.every(({ url }) => isLoopback(url.hostname))
    // On this machine the doctor may well be taken for the proxy.
    if (after && !before && !isLocal) {
      const change = before === undefined ? 'is only set' : 'is Secure'
      const evidence = `${name} ${change} with X-Forwarded-Proto: https`
      return [{ code: 'forwarded-proto-trusted', cookie: name, evidence }]
    }
    // For other hosts not-secure reports it.
    if (after || !isLocal) return []
    const evidence = `${name} is not Secure with X-Forwarded-Proto: https`
    return [{ code: 'not-secure-behind-proxy', cookie: name, evidence }]
  })
}

/** Whether the cookie was Secure. undefined if it was not set. */
function securityOf(exchanges: readonly Exchange[], name: string): boolean | undefined {
  const cookies = exchanges.flatMap(({ response }) => response?.cookies ?? [])
  return cookies.find(cookie => baseName(cookie.name) === name)?.attributes.has('secure')
}

function host({ exchanges }: Evidence): Finding[] {
  return ofStep(exchanges, 'forwarded host').flatMap(({ response, method, url }): Finding[] => {
    if (!response || isLoopback(url.hostname)) return []
    const places = [
      ...(response.headers.location?.includes(forgedHost) ? ['in the address of a redirect'] : []),
      ...(response.body.includes(forgedHost) ? ['in the page'] : []),
      ...response.cookies
        .filter(({ attributes }) => attributes.get('domain')?.includes(forgedHost))
        .map(({ name }) => `in the Domain of ${name}`),
    ]
    if (places.length === 0) return []
    const evidence = `${method} ${url.pathname} with X-Forwarded-Host repeats it ${places.join(' and ')}`
    return [{ code: 'forwarded-host-trusted', evidence }]
  })
}

import { maxCookieBytes } from '../../../http/chunks.ts'
import { isOrdinary, type Pair } from '../exchange.ts'
import { type Check, type Finding, findingOf, withoutSession } from './check.ts'

/** Half of what Node accepts for all headers, and what nginx and Apache accept for one. */
const maxHeaderBytes = 8192

/** The size of cookies. */
export const size: Check = {
  name: 'size',
  codes: ['cookie-too-large', 'cookies-too-large'],
  skip: withoutSession,
  run: ({ settings, exchanges }) => [
    ...settings.flatMap((setting): Finding[] => {
      const { name, value } = setting.cookie
      const length = name.length + value.length
      return length > maxCookieBytes
        ? [findingOf('cookie-too-large', setting, `${length} bytes`)]
        : []
    }),
    ...exchanges.filter(isOrdinary).flatMap(({ sent, method, url }): Finding[] => {
      const length = headerLength(sent)
      // One cookie that is too large is reported on its own.
      const isSum = sent.every(([name, value]) => name.length + value.length <= maxCookieBytes)
      return isSum && length > maxHeaderBytes
        ? [
            {
              code: 'cookies-too-large',
              evidence: `${length} bytes in ${sent.length} cookies with ${method} ${url.pathname}`,
            },
          ]
        : []
    }),
  ],
}

function headerLength(sent: readonly Pair[]): number {
  return sent.reduce((sum, [name, value]) => sum + name.length + value.length + '=; '.length, 0)
}

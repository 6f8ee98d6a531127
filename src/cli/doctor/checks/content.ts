import { type Check, type Finding, withoutSession } from './check.ts'

/** What the value of the cookie shows, and whether visitors could change it. */
export const content: Check = {
  name: 'content',
  codes: ['unsigned-content', 'readable-content'],
  skip: withoutSession,
  run: ({ sessions }) =>
    sessions
      .filter(({ format }) => format.payload === 'content')
      .map(
        ({ name, format }): Finding =>
          format.protection === 'none'
            ? {
                code: 'unsigned-content',
                cookie: name,
                evidence: `${name} is JSON, without a signature`,
              }
            : { code: 'readable-content', cookie: name, evidence: `${name} is encoded and signed` },
      ),
}

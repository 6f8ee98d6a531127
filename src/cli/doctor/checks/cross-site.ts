import { type Check, withoutLogin } from './check.ts'

/** Sign-ins at another site, which return with a cross-site request. */
export const crossSite: Check = {
  name: 'cross-site sign-in',
  codes: ['cross-site-form'],
  skip: evidence => (evidence.foreignFormAction ? undefined : withoutLogin(evidence)),
  run: ({ foreignFormAction, settings }) => {
    const isNone = settings.some(({ cookie }) =>
      /^none$/i.test(cookie.attributes.get('samesite') ?? ''),
    )
    if (!foreignFormAction || isNone) return []
    const evidence = `the form posts to ${foreignFormAction.origin}`
    return [{ code: 'cross-site-form', evidence }]
  },
}

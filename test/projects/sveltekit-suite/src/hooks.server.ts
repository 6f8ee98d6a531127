import { type Handle, redirect } from '@sveltejs/kit'
import { sequence } from '@sveltejs/kit/hooks'
import { suite } from './suite'

const guard: Handle = ({ event, resolve }) => {
  const { session } = event.locals
  switch (event.url.pathname) {
    case '/hook-redirects':
      session.addFlash('Sign in first')
      return redirect(303, '/sign-in')
    case '/hook-fails':
      session.addFlash('Not seen')
      throw new Error('broken')
    default:
      return resolve(event)
  }
}

export const handle = sequence(input => suite().handle(input), guard)

export const handleError = (): { message: string } => ({ message: 'failed' })

import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ request, locals: { session }, redirect }) => {
  const { user, remember } = await request.json()
  session.login(user) // changes the session id
  session.remember(remember)
  session.addFlash('Welcome back')
  return redirect('/') // the session is saved first
}

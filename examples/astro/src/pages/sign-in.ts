import type { APIRoute } from 'astro'

export const POST: APIRoute = async ({ request, locals: { session }, redirect }) => {
  const { user, remember } = await request.json()
  session.login(user) // a new id
  session.remember(remember)
  session.addFlash('Welcome back')
  return redirect('/') // saved before it leaves
}

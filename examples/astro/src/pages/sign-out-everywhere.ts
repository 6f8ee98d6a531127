import type { APIRoute } from 'astro'
import { store } from '../sessions'

export const POST: APIRoute = async ({ locals: { session }, redirect }) => {
  if (session.owner) await store.revokeAll(session.owner)
  session.destroy()
  return redirect('/')
}

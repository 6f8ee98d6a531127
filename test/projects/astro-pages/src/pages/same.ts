import type { APIRoute } from 'astro'
import { login } from '../sessions'

/** Whether these stand for one request. */
export const GET: APIRoute = async context => {
  const { request, cookies, locals } = context
  const got = await Promise.all([request, context, { cookies }].map(each => login.get(each)))
  return Response.json(got.map(session => session === locals.session))
}

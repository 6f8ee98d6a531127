import { cookies } from 'next/headers'
import { after } from 'next/server'

export async function GET(request) {
  const later = await globalThis.silverbackTest.answer(request, cookies)
  after(later)
  return new Response('answered')
}

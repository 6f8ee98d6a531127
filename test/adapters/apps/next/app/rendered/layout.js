import { cookies } from 'next/headers'

export const dynamic = 'force-dynamic'

export default async function Layout({ children }) {
  await globalThis.silverbackTest.render(cookies)
  return children
}

/** To no route at all: the framework's own 404. */
export const reroute = ({ url }: { url: URL }): string =>
  url.pathname.startsWith('/missing') ? '/no/route/of/this/name' : '/any'

/** The host that the visit puts into `X-Forwarded-Host`. RFC 2606 reserves `.invalid`. */
export const forgedHost = 'silverback-doctor.invalid'

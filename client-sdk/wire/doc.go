// Package wire holds the messages that devices, the carer page and the server
// exchange, their limits, and the one table of error codes. PROTOCOL.md describes
// the same to the byte.
//
// It promises that both ends decode alike: [Decode] refuses unknown, duplicate
// and wrongly cased members, and bodies beyond their limit. It decides nothing.
package wire

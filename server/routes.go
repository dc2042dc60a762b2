package server

import "github.com/labstack/echo/v4"

// openPath is where a carer opens a link.
const openPath = "/s/:token/open"

// routes is every address that the server answers. Whatever is not here is
// answered like a thing that does not exist.
func (s *Server) routes() *echo.Echo {
	e := echo.New()
	e.HTTPErrorHandler = func(err error, c echo.Context) { s.fail(c, err) }
	e.Logger.SetOutput(scrubber{s.log})
	e.Pre(scrub, overrideMethod)
	e.Use(s.observe)

	e.GET("/healthz", s.healthy)
	e.GET("/readyz", s.ready)

	// For every version of the protocol, for good.
	e.GET("/v1/protocol", s.protocol, s.api)
	e.POST("/v1/restrictions", s.restriction, s.api, s.limit(s.restrictions))
	e.GET("/v1/sync/endings", s.endings, s.api, s.bearer, s.limitDevice(s.devices))
	e.GET("/v1/log/checkpoint", s.checkpoint, s.api)

	// Public: what proves itself.
	e.POST("/v1/join", s.join, s.api, s.versions, s.limit(s.joins))

	// A certified device, named by its bearer token.
	v1 := e.Group("/v1", s.api, s.versions, s.bearer, s.limitDevice(s.devices))
	v1.POST("/sync/push", s.push)
	v1.POST("/sync/again", s.again)
	v1.GET("/sync/pull", s.pull)
	v1.GET("/sync/notice", s.notice)
	v1.POST("/clips/:clip/viewings", s.openViewing)
	v1.GET("/clips/:clip/upload", s.uploadOfClip)
	v1.GET("/links/:link", s.showLink)
	v1.GET("/viewings/:viewing/payload", s.readViewing)
	v1.GET("/log/events", s.searchLog)
	v1.GET("/log/export", s.exportLog)
	v1.GET("/log/leaves", s.logLeaves)
	v1.GET("/log/history", s.history)

	// Resumable uploads, as stock tus clients speak.
	tus := v1.Group("/uploads", tusVersion)
	tus.OPTIONS("", s.tusOptions)
	tus.POST("", s.createUpload)
	tus.OPTIONS("/:upload", s.tusOptions)
	tus.HEAD("/:upload", s.uploadStatus)
	tus.PATCH("/:upload", s.appendUpload)

	// A carer: the page is inert, opening is a press of a button.
	e.GET("/s/:token", s.linkPage)
	e.HEAD("/s/:token", s.linkPage)
	e.GET("/s/:token/", s.linkPageSlash)
	e.GET("/s/", s.linkPage) // a link that was cut before its token, or before its path,
	e.GET("/s", s.linkPage)  // gets the page as well: it says what to do
	e.GET("/", s.linkPage)
	e.POST(openPath, s.openLink, carer, s.limit(s.opens), pressed)
	e.GET("/s/:token/payload", s.readLink, carer, s.limit(s.households), s.limitPage(s.ranges))
	e.POST("/s/:token/stop", s.stopLink, carer, s.limit(s.stops), pressed)
	return e
}

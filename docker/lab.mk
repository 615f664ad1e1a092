# The lab: the whole system in containers. Included by the Makefile of the repository: run these from there.
N ?= 3

.PHONY: lab/up
lab/up: setup/lab ## start the whole system in containers, with N=3 emulated cameras (OBSERVE=1: with traces and dashboards)
	@OBSERVE=$(OBSERVE) docker/lab up $(N)

.PHONY: lab/cameras
lab/cameras: ## have N emulated cameras in the lab: make lab/cameras N=20
	@docker/lab cameras $(N)

.PHONY: lab/status
lab/status: ## show the lab's containers and cameras
	@docker/lab status

.PHONY: lab/logs
lab/logs: ## follow the logs of the lab, or of SERVICE=registry
	@docker/lab logs $(SERVICE)

.PHONY: lab/down
lab/down: ## stop the lab; its data stays
	@docker/lab down

.PHONY: lab/clean
lab/clean: ## stop the lab and delete its data and secrets
	@docker/lab clean

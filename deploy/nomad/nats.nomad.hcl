# One NATS server. For three nodes: docs/guides/deploying.md. Variables: nomad/jobs/thaman-nats.
variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

job "thaman-nats" {
  datacenters = var.datacenters
  type        = "service"

  group "nats" {
    count = 1

    network {
      port "client" { static = 4222 }
      port "monitor" { to = 8222 }
    }

    volume "data" {
      type      = "host"
      source    = "thaman-nats"
      read_only = false
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    update {
      max_parallel     = 1
      min_healthy_time = "15s"
      auto_revert      = true
    }

    service {
      name     = "thaman-nats"
      provider = "nomad"
      port     = "client"

      check {
        type     = "http"
        port     = "monitor"
        path     = "/healthz?js-enabled-only=true"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "nats" {
      driver       = "docker"
      kill_timeout = "40s"

      config {
        image           = "nats:2.15.1-alpine"
        args            = ["-c", "/local/nats.conf", "-m", "8222"]
        ports           = ["client", "monitor"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      template {
        destination = "local/nats.conf"
        data        = file("../nats/nats.conf")
      }

      template {
        destination = "local/users.conf"
        data        = file("../nats/users.conf")
      }

      template {
        destination = "secrets/nats.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with nomadVar "nomad/jobs/thaman-nats" }}
          NATS_PROVISION_PASSWORD={{ .provision }}
          NATS_ONBOARDING_PASSWORD={{ .onboarding }}
          NATS_SCHEDULER_PASSWORD={{ .scheduler }}
          NATS_OPTIMIZER_PASSWORD={{ .optimizer }}
          NATS_AUDIT_PASSWORD={{ .audit }}
          NATS_DASHBOARD_PASSWORD={{ .dashboard }}
          NATS_SUBSCRIBER_PASSWORD={{ .subscriber }}
          {{ end }}
        TEMPLATE
      }

      resources {
        cpu    = 300
        memory = 512
      }
    }
  }
}

# Thaman's audit: api, worker and relay. Needs the jobs postgres and nats (or servers of your own) and the variables
# of docs/guides/deploying.md under nomad/jobs/thaman-audit.
variable "image" {
  type        = string
  description = "The image, with a tag that is never moved."
}

variable "datacenters" {
  type    = list(string)
  default = ["dc1"]
}

variable "public_url" {
  type        = string
  description = "Where browsers and Salla reach onboarding."
}

job "thaman-audit" {
  datacenters = var.datacenters
  type        = "service"

  update {
    max_parallel      = 1
    min_healthy_time  = "15s"
    healthy_deadline  = "3m"
    progress_deadline = "10m"
    auto_revert       = true
    canary            = 1
  }

  group "api" {
    count = 2

    network {
      port "http" { to = 8080 }
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-audit-api"
      provider = "nomad"
      port     = "http"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "migrate" {
      driver = "docker"

      lifecycle {
        hook    = "prestart"
        sidecar = false
      }

      config {
        image           = var.image
        command         = "thaman"
        args            = ["migrate"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      template {
        destination = "secrets/migrate.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-audit" }}
          THAMAN_AUDIT_DB_PASSWORD={{ $v.db_password }}
          THAMAN_NATS_USER=provision
          THAMAN_NATS_PASSWORD={{ $v.nats_provision_password }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://postgres:{{ $v.db_admin_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu    = 100
        memory = 256
      }
    }

    task "api" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_audit", "api"]
        ports           = ["http", "health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-audit" }}
          THAMAN_NATS_USER=audit
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://audit_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "worker" {
    count = 2

    network {
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-audit-worker"
      provider = "nomad"
      port     = "health"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "worker" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_audit", "worker"]
        ports           = ["health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-audit" }}
          THAMAN_NATS_USER=audit
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_AUDIT_KEYS={{ $v.audit_keys }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://audit_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 300
        memory     = 256
        memory_max = 512
      }
    }
  }

  group "relay" {
    count = 2

    network {
      port "health" { to = 9080 }
    }

    restart {
      attempts = 5
      interval = "5m"
      delay    = "10s"
      mode     = "delay"
    }

    reschedule {
      delay          = "15s"
      delay_function = "exponential"
      max_delay      = "10m"
      unlimited      = true
    }

    service {
      name     = "thaman-audit-relay"
      provider = "nomad"
      port     = "health"

      check {
        type     = "http"
        port     = "health"
        path     = "/readyz"
        interval = "10s"
        timeout  = "3s"
      }
    }

    task "relay" {
      driver       = "docker"
      kill_signal  = "SIGTERM"
      kill_timeout = "30s"

      config {
        image           = var.image
        command         = "python"
        args            = ["-m", "thaman_audit", "relay"]
        ports           = ["health"]
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]
        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      env {
        THAMAN_ENVIRONMENT = "production"
        THAMAN_LOG_FORMAT  = "json"
        THAMAN_HTTP_HOST   = "0.0.0.0"
        THAMAN_HTTP_PORT   = "8080"
        THAMAN_HEALTH_HOST = "0.0.0.0"
        THAMAN_HEALTH_PORT = "9080"
        THAMAN_PUBLIC_URL  = var.public_url
      }

      template {
        destination = "secrets/service.env"
        env         = true
        data        = <<-TEMPLATE
          {{ with $v := nomadVar "nomad/jobs/thaman-audit" }}
          THAMAN_NATS_USER=audit
          THAMAN_NATS_PASSWORD={{ $v.nats_password }}
          THAMAN_API_KEY_PEPPER={{ $v.api_key_pepper }}
          {{ range nomadService "thaman-postgres" }}THAMAN_DATABASE_URL=postgresql://audit_app:{{ $v.db_password }}@{{ .Address }}:{{ .Port }}/thaman
          {{ end }}{{ range nomadService "thaman-nats" }}THAMAN_NATS_URL=nats://{{ .Address }}:{{ .Port }}
          {{ end }}{{ end }}
        TEMPLATE
      }

      resources {
        cpu        = 100
        memory     = 256
        memory_max = 512
      }
    }
  }
}
